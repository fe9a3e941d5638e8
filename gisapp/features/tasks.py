"""What the interfaces forget."""

from gisapp.features.idempotency import purge
from gisapp.layer import Text
from gisapp.tasks import retention

retention.register(
    "features.answers", Text("Gemerkte Antworten (Idempotency-Key)", "Kept answers (Idempotency-Key)"), purge
)
