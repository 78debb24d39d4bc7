"""Leaving by one click, and by a page with a button."""

from flask import Blueprint

pages = Blueprint("leaving", __name__)
