# Targets: pylon_identity::static and pylon_identity::shared.
get_filename_component(_pylon_identity_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET pylon_identity::static)
  add_library(pylon_identity::static STATIC IMPORTED)
  set_target_properties(pylon_identity::static PROPERTIES
    IMPORTED_LOCATION "${_pylon_identity_prefix}/lib/@STATIC@"
    INTERFACE_INCLUDE_DIRECTORIES "${_pylon_identity_prefix}/include"
    INTERFACE_LINK_LIBRARIES "@STATIC_LIBS@")
endif()

if(NOT TARGET pylon_identity::shared)
  add_library(pylon_identity::shared SHARED IMPORTED)
  set_target_properties(pylon_identity::shared PROPERTIES
    IMPORTED_LOCATION "${_pylon_identity_prefix}/lib/@SHARED@"
    @LINKED_AS@
    INTERFACE_INCLUDE_DIRECTORIES "${_pylon_identity_prefix}/include")
endif()
