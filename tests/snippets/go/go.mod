module snippet

go 1.24
