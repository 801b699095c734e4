-- The triggers that keep the live edge, after what is no longer called. A trigger of the row, which a
-- hypertable hands to its chunks, does not replace one of the statement: it is made anew.

DROP TRIGGER IF EXISTS live_edge_updated ON public.option_chain_snapshots;
DROP TRIGGER IF EXISTS live_edge_deleted ON public.option_chain_snapshots;
DROP TRIGGER IF EXISTS live_edge_settle ON public.snapshot_touched;
DROP FUNCTION IF EXISTS live_edge.touch_updated();
DROP FUNCTION IF EXISTS live_edge.touch_deleted();
DROP FUNCTION IF EXISTS live_edge.show(text, timestamp, boolean);
DROP FUNCTION IF EXISTS live_edge.drop_vanished(text, timestamp);

CREATE OR REPLACE TRIGGER live_edge_inserted AFTER INSERT ON public.option_chain_snapshots
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION live_edge.touch_inserted();

CREATE TRIGGER live_edge_updated AFTER UPDATE ON public.option_chain_snapshots
    FOR EACH ROW EXECUTE FUNCTION live_edge.touch_row();

CREATE TRIGGER live_edge_deleted AFTER DELETE ON public.option_chain_snapshots
    FOR EACH ROW EXECUTE FUNCTION live_edge.touch_row();

CREATE OR REPLACE TRIGGER live_edge_truncated AFTER TRUNCATE ON public.option_chain_snapshots
    FOR EACH STATEMENT EXECUTE FUNCTION live_edge.clear();

CREATE OR REPLACE TRIGGER live_edge_inserted AFTER INSERT ON public.ml_features
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION live_edge.touch_features();

CREATE OR REPLACE TRIGGER live_edge_updated AFTER UPDATE ON public.ml_features
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION live_edge.touch_features();

CREATE CONSTRAINT TRIGGER live_edge_settle AFTER INSERT ON public.snapshot_touched
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION live_edge.flush_touched();
