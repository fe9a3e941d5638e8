# Jedes Ziel richtet zuerst ein, was fehlt. Siehe docs/operator/installation.md.
.PHONY: setup demo test test-cluster mutate audit bench lint

setup:
	@docker/bootstrap.sh setup
	@.venv/bin/gisapp demo

demo:
	@docker/bootstrap.sh demo
	@.venv/bin/gisapp demo --serve

test:
	@docker/bootstrap.sh test
	@GISAPP_TEST_REQUIRE="$$(docker/bootstrap.sh required)" .venv/bin/python -m pytest -p tests.halves -n 2

# Primärserver, Replik, PgBouncer, zwei Webprozesse, zwei Arbeitsprozesse und nginx auf diesem Rechner; siehe
# docs/operator/cluster.md.
test-cluster:
	@docker/bootstrap.sh cluster
	@.venv/bin/python -m tests.cluster

# Nimmt jeden Wächter der Rechte einzeln weg: merkt es ein Test?
mutate:
	@docker/bootstrap.sh test
	@.venv/bin/python -m tests.mutations

# Sind zu den gesperrten Paketen Schwachstellen bekannt? Ende 1: ja; 2: der Index antwortet nicht, also unbekannt.
audit:
	@docker/bootstrap.sh python-dev
	@.venv/bin/python -m tests.audit

bench:
	@docker/bootstrap.sh bench
	@.venv/bin/python -m tests.bench

lint:
	@docker/bootstrap.sh python-dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
