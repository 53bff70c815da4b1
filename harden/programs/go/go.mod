module github.com/pylon-identity/pylon-identity/harden

go 1.24

require github.com/pylon-identity/pylon-identity/go v0.0.0

replace github.com/pylon-identity/pylon-identity/go => ../../../go
