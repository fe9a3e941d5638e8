"""An app with a page of its own, as an operator would add one: an entry of INSTALLED_APPS."""
