"""`manage.py up`: starts, watches and ends the processes of the embedded stack.

Plain standard library, no Django: the supervisor must stay small and must be able to make the keys that
Django's settings ask for. `stack` is the story; `processes` runs children, `tether` ties them to us,
`broker` knows the embedded Valkey, `ground` the files under VAR_DIR, `plan` the command lines.
"""
