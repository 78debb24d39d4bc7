"""What providers report: signed, kept at once, and worked on later."""

from flask import Blueprint

pages = Blueprint("hooks", __name__)
