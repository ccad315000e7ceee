DROP TABLE login_methods;
