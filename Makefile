# Names that operators know; each is one cargo command. `mocks` and `wire` generate nothing here: macros and the compiler do it.
.PHONY: run build clean test test-integration test-coverage api mocks wire migrate migrate-up migrate-down migrate-status migrate-create
run build clean: ; cargo $@
test: ; cargo xtask test
test-integration: ; cargo xtask test -- --test it
test-coverage: ; cargo xtask coverage
api: ; cargo xtask openapi
mocks wire: ; cargo check --workspace --all-features
migrate: migrate-up
migrate-up migrate-down migrate-status: ; cargo run -- $(subst -, ,$@)
migrate-create: ; cargo xtask migration new "$(NAME)"
