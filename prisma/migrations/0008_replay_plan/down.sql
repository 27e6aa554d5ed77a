ALTER TABLE simulations DROP COLUMN plan;
