"""The face for people: pages on the same services as the API, inside Django's admin.

A page is a class in a file of its own (``page.py`` says how), listed in ``pages.py``. No rule stands here: who may, and
what a state allows, is asked of services. Start reading at ``site.py``.
"""
