"""A reader's own pages, by the signed link of any letter."""

from flask import Blueprint

pages = Blueprint("preferences", __name__)
