"""Feeds and the sitemap: what programs read of the archive."""

from flask import Blueprint

pages = Blueprint("feeds", __name__)
