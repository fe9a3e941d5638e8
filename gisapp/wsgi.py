"""The WSGI application that `gisapp serve` and every other server runs."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisapp.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
