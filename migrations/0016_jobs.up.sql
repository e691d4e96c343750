-- Who runs which background job, and how far it is. It is about the service, not about a tenant.
SET LOCAL lock_timeout = '5s';

CREATE TABLE job_leases (
    name             varchar(64) COLLATE "C" NOT NULL,
    -- Rises whenever somebody takes the job: who comes with an older one has lost it.
    token            bigint      NOT NULL,
    holder           uuid,
    lease_expires_at timestamptz,
    due_at           timestamptz NOT NULL,
    started_at       timestamptz NOT NULL,
    last_success_at  timestamptz,
    last_error       varchar(64),  -- a code of this service
    last_error_at    timestamptz,
    runs             bigint      NOT NULL DEFAULT 0,
    failures         integer     NOT NULL DEFAULT 0,  -- in a row
    processed        bigint      NOT NULL DEFAULT 0,
    cursor           text,
    CONSTRAINT job_leases_pkey PRIMARY KEY (name),
    CONSTRAINT job_leases_holder_check CHECK ((holder IS NULL) = (lease_expires_at IS NULL))
);

ALTER TABLE job_leases ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_leases FORCE ROW LEVEL SECURITY;
CREATE POLICY job_leases_worker ON job_leases TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON job_leases TO customer_worker;
