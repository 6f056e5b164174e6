-- Warehouses made before spans were marked: their spans are recognised no more, once, for an hour.
alter table requests add column if not exists mark ubigint
