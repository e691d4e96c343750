//! The rules for the text of a statement.

/// Splits a statement at its parentheses: each pair is one scope, in which an inner pair is
/// replaced with `#`.
fn scopes(statement: &str) -> Vec<String> {
    let mut open = vec![String::new()];
    let mut closed = Vec::new();
    for character in statement.chars() {
        match character {
            '(' => open.push(String::new()),
            ')' => {
                closed.extend(open.pop());
                open.last_mut().expect("a parenthesis was opened").push('#');
            }
            _ => open.last_mut().expect("the outermost").push(character),
        }
    }
    closed.extend(open);
    closed
}

/// Returns the tables that a scope reads or changes, each with its alias.
fn sources(scope: &str) -> Vec<(String, String)> {
    let words: Vec<_> = scope
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.trim_matches('"')
                .replace("\".\"", ".")
                .replace('"', "")
        })
        .collect();
    let mut sources = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_conflict_clause = at > 0 && words[at - 1] == "DO";
        let is_lock = at > 0 && words[at - 1] == "FOR";
        if !matches!(word.as_str(), "FROM" | "JOIN" | "UPDATE") || is_conflict_clause || is_lock {
            continue;
        }
        let Some(table) = words.get(at + 1) else {
            continue;
        };
        let alias = match words.get(at + 2).map(String::as_str) {
            None | Some("SET" | "WHERE" | "ON" | "ORDER" | "LEFT" | "JOIN" | "LIMIT") => table,
            Some("AS") => &words[at + 3],
            Some(_) => &words[at + 2],
        };
        sources.push((table.clone(), alias.clone()));
    }
    sources
}

/// Returns the names of a statement's materialized selects; their tables are in separate scopes.
fn named_selects(statement: &str) -> Vec<&str> {
    let words: Vec<_> = statement.split_whitespace().collect();
    let named = words.windows(3).filter_map(|words| match words {
        [name, "AS", rest] if *rest == "MATERIALIZED" => Some(*name),
        _ => None,
    });
    named.collect()
}

/// Returns the rules that a statement breaks.
pub(super) fn faults(statement: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let own = named_selects(statement);
    for scope in scopes(statement) {
        let insert = scope.find("INSERT INTO").map(|at| &scope[at..]);
        if insert.is_some_and(|insert| insert.contains("SELECT") || !insert.contains("VALUES")) {
            faults.push(format!("rows that do not come from VALUES: {scope}"));
        }
        if scope.contains("UPDATE customers SET") && !scope.contains("revision = revision + 1") {
            faults.push(format!("a customer's row without its revision: {scope}"));
        }
        for (table, alias) in sources(&scope) {
            // The reference table is on every server; the catalogue and the service's own tables
            // have no tenant; `#` and what follows LATERAL are subselects, which are scopes too.
            if matches!(
                table.as_str(),
                "tenants" | "audit_seals" | "installation" | "job_leases" | "#" | "LATERAL"
            ) || table.starts_with("pg_")
                || own.contains(&table.as_str())
            {
                continue;
            }
            let bare = scope.replace('"', "");
            let named = [
                format!("{alias}.tenant_id ="),
                format!("= {alias}.tenant_id"),
            ];
            let alone = sources(&scope).len() == 1 && bare.contains(" tenant_id =");
            if !alone && !named.iter().any(|name| bare.contains(name)) {
                faults.push(format!("{table} without its tenant: {scope}"));
            }
        }
    }
    faults
}

#[test]
fn the_rules_find_what_they_are_there_for() {
    for bad in [
        "SELECT * FROM customers c WHERE c.id = $1",
        "SELECT * FROM customers c JOIN customer_tags t ON t.customer_id = c.id WHERE c.tenant_id = $1",
        "SELECT (SELECT count(*) FROM customer_tags t WHERE t.customer_id = c.id) FROM customers c WHERE c.tenant_id = $1",
        "SELECT * FROM customers c CROSS JOIN LATERAL (SELECT t.tag FROM customer_tags t WHERE t.customer_id = c.id) t WHERE c.tenant_id = $1",
        "INSERT INTO customer_tags (tenant_id, tag) SELECT $1, unnest($2)",
        "WITH a AS (UPDATE customers SET revision = revision + 1 WHERE id = $2) SELECT 1",
        "DELETE FROM customer_tags WHERE customer_id = $2",
        "UPDATE customers SET version = 1 WHERE tenant_id = $1",
        "WITH s AS MATERIALIZED (SELECT id FROM customers) SELECT id FROM s",
    ] {
        assert_ne!(faults(bad), Vec::<String>::new(), "{bad}");
    }
    for good in [
        "SELECT * FROM customers c LEFT JOIN customer_tags t ON t.tenant_id = c.tenant_id WHERE c.tenant_id = $1",
        "INSERT INTO customer_tags (tenant_id, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        "DELETE FROM customer_tags WHERE tenant_id = $1 AND tag <> ALL($2)",
        "UPDATE customers SET revision = revision + 1, version = 1 WHERE tenant_id = $1",
        "WITH s AS MATERIALIZED (SELECT id FROM customers WHERE tenant_id = $1) SELECT id FROM s",
    ] {
        assert_eq!(faults(good), Vec::<String>::new(), "{good}");
    }
}
