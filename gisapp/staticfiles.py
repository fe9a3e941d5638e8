"""Static files under hashed names, ES module imports rewritten, brotli and gzip beside each."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
