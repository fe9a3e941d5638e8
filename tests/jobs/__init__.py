"""An app with jobs of every kind, for real workers (DJANGO_SETTINGS_MODULE=tests.jobs.settings)."""
