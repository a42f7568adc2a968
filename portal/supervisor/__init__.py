"""`manage.py start`: one supervisor and its children. honcho stops all when one dies; supervisor and circus want their
own configuration: what is needed is small enough to be ours."""
