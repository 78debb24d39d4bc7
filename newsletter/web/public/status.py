"""Health and metrics, for those who watch the site."""

from flask import Blueprint

pages = Blueprint("status", __name__)
