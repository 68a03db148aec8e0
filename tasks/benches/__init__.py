"""Measurements that ``manage.py bench`` prints: one module a subject, each with a ``run`` that gives the report."""
