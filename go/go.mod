module github.com/pylon-identity/pylon-identity/go

go 1.24
