CREATE DATABASE IF NOT EXISTS statestore CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DATABASE IF NOT EXISTS crm CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DATABASE IF NOT EXISTS customer_view CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS 'connection-mandates'@'%' IDENTIFIED BY 'connection-mandates';
GRANT ALL ON statestore.* TO 'connection-mandates'@'%';
GRANT ALL ON crm.* TO 'connection-mandates'@'%';
GRANT ALL ON customer_view.* TO 'connection-mandates'@'%';
