"""The queue's tables are not in the admin: /betrieb/auftraege/ shows jobs, without their arguments."""

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

admin.site.unregister(ProcrastinateJob)
