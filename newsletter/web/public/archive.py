"""The archive: every issue that was sent, its sections, and search."""

from flask import Blueprint

pages = Blueprint("archive", __name__)
