"""The room of the catalogues: finds every text of ours, keeps `locale/` up to date and judges it. Needs Babel."""
