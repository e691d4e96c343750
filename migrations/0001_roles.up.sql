-- The two roles that serve. Neither owns anything, so row-level security binds both.
--   customer_app     serves requests: one tenant at a time
--   customer_worker  runs jobs and operator routes: all tenants, on the tables that its jobs name
--
-- Roles belong to the cluster, not to this database: a migrator of another database may create
-- them at the same moment, which shows as duplicate_object or unique_violation.
SET LOCAL lock_timeout = '5s';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['customer_app', 'customer_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', name);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
        -- Every serving connection takes the role on by SET ROLE, which needs membership.
        BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        EXCEPTION
            -- Granted by a racing migrator, in one of the two ways in which that shows.
            WHEN unique_violation OR internal_error THEN NULL;
            -- The roles were made by an administrator who granted them beforehand.
            WHEN insufficient_privilege THEN
                IF NOT pg_has_role(CURRENT_USER, name, 'MEMBER') THEN
                    RAISE;
                END IF;
        END;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO customer_app, customer_worker;
