-- What was not there before; the triggers, which were of the statement, are made anew after this.
DROP TRIGGER live_edge_updated ON public.option_chain_snapshots;
DROP TRIGGER live_edge_deleted ON public.option_chain_snapshots;
DROP TRIGGER live_edge_settle ON public.snapshot_touched;
DROP FUNCTION live_edge.touch_row();
DROP FUNCTION live_edge.supersedes(timestamp, timestamp, timestamp);
DROP FUNCTION live_edge.whole(numeric);
DROP FUNCTION live_edge.show_stored(text, timestamp, boolean);
DROP FUNCTION live_edge.known_price(double precision);
DROP FUNCTION live_edge.tell(text, bigint);
