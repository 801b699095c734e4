-- The triggers that keep the live edge.

CREATE OR REPLACE TRIGGER live_edge_inserted AFTER INSERT ON public.option_chain_snapshots
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION live_edge.touch_inserted();

CREATE OR REPLACE TRIGGER live_edge_updated AFTER UPDATE ON public.option_chain_snapshots
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION live_edge.touch_updated();

CREATE OR REPLACE TRIGGER live_edge_deleted AFTER DELETE ON public.option_chain_snapshots
    FOR EACH ROW EXECUTE FUNCTION live_edge.touch_deleted();

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
