"""Setting and clearing banners, as the command does it."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gisapp.errors import BadInput
from gisapp.fields import Text
from gisapp.status.live import changed
from gisapp.status.models import LONGEST_TEXT, Banner
from gisapp.tenants.models import Tenant
from gisapp.tenants.putting import find


def _standing(tenant: Tenant | None) -> QuerySet[Banner]:
    """The banners of this tenant (None: of all sites) that are not cleared."""
    return Banner.objects.filter(tenant=tenant, cleared_at__isnull=True)


def of(key: str | None) -> Tenant | None:
    return find(key) if key else None


def announce(
    text: Text, level: str, tenant: Tenant | None, since: datetime | None, until: datetime | None
) -> tuple[Banner, bool]:
    """Show this banner in place of the tenant's others; whether anything changed. Raises BadInput."""
    for field, one in (("text_de", text.de), ("text_en", text.en)):
        if not one.strip() or len(one) > LONGEST_TEXT:
            raise BadInput("banner-bad-text", field=field, limit=LONGEST_TEXT)
    begin = since or timezone.now()
    if until is not None and until <= max(begin, timezone.now()):
        raise BadInput("banner-over", field="until", until=until.isoformat())
    with transaction.atomic():
        same = _standing(tenant).filter(text_de=text.de, text_en=text.en, level=level, valid_until=until)
        kept = same.filter(valid_from=since) if since else same.filter(valid_from__lte=timezone.now())
        found = kept.first()
        others = _standing(tenant).exclude(pk=found.pk if found else 0)
        cleared = others.update(cleared_at=timezone.now())
        banner = found or Banner.objects.create(
            text_de=text.de, text_en=text.en, level=level, tenant=tenant, valid_from=begin, valid_until=until
        )
    changed()
    return banner, found is None or bool(cleared)


def clear(tenant: Tenant | None, *, everywhere: bool = False) -> int:
    """Take the tenant's banners (or all) away; how many."""
    rows = Banner.objects.filter(cleared_at__isnull=True) if everywhere else _standing(tenant)
    count = rows.update(cleared_at=timezone.now())
    changed()
    return count
