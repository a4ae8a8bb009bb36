# The package: find_package(nn2crn) gives nn2crn::Driver and what it stands on.
include(CMakePackageConfigHelpers)

get_property(Libraries GLOBAL PROPERTY NN2CRN_LIBRARIES)
install(TARGETS ${Libraries} EXPORT nn2crnTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nn2crn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(PackageDir ${CMAKE_INSTALL_LIBDIR}/cmake/nn2crn)
install(EXPORT nn2crnTargets NAMESPACE nn2crn:: DESTINATION ${PackageDir})
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/nn2crnConfig.cmake.in
  ${PROJECT_BINARY_DIR}/nn2crnConfig.cmake INSTALL_DESTINATION ${PackageDir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nn2crnConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nn2crnConfig.cmake
              ${PROJECT_BINARY_DIR}/nn2crnConfigVersion.cmake
        DESTINATION ${PackageDir})
