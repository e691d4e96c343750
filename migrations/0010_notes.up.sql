-- Notes of staff about a customer. Nobody but staff reads them.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customer_notes (
    tenant_id   uuid           NOT NULL,
    customer_id uuid           NOT NULL,
    id          uuid           NOT NULL,
    text        varchar(10000) NOT NULL,
    is_pinned   boolean        NOT NULL,
    author_type actor_type     NOT NULL,
    author_id   text           NOT NULL,
    created_at  timestamptz    NOT NULL,
    -- Of the last edit; null until there is one.
    editor_type actor_type,
    editor_id   text,
    updated_at  timestamptz,
    version     bigint         NOT NULL,  -- the edit token
    CONSTRAINT customer_notes_pkey PRIMARY KEY (tenant_id, customer_id, id),
    CONSTRAINT customer_notes_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_notes_text_check CHECK (text <> ''),
    CONSTRAINT customer_notes_edit_check CHECK (num_nulls(editor_type, editor_id, updated_at) IN (0, 3))
);
-- The order of the list, which reads it from its end.
CREATE INDEX customer_notes_list_idx ON customer_notes (tenant_id, customer_id, is_pinned, created_at, id);

ALTER TABLE customer_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_notes FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_notes_app ON customer_notes TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (text, is_pinned, editor_type, editor_id, updated_at, version), DELETE
    ON customer_notes TO customer_app;
