-- Rows of the newest chains in the order of their key, in which they are read and which they keep from now
-- on: a chain's rows lay on its pages as they had come, and each was looked up by itself.
CLUSTER public.option_chain_latest USING option_chain_latest_pkey;
ALTER TABLE public.option_chain_latest SET WITHOUT CLUSTER;
