"""Static files under hashed names, ES module imports rewritten, brotli and gzip beside each."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """Before the first collectstatic (in a command, say) a file goes by its own name rather than failing the answer."""

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        try:
            return super().stored_name(name)
        except ValueError:
            return name
