SET LOCAL lock_timeout = '5s';

DROP DOMAIN digest, currency, actor_type;
