"""The preview: an issue in the browser as its readers will see it, on this machine only.

Not here: findings (newsletter/checks), HTML (newsletter/render), readers' pages (newsletter/web/readers).
"""
