"""The preview: an issue in the browser as its readers will see it, on this machine only."""
