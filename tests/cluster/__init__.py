"""More than one machine on one: primary, replica, PgBouncer, web processes, workers and nginx (`make test-cluster`)."""
