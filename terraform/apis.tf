# Every API that the system calls. The set does not depend on the sources: when it changes, the service agents are
# read again during apply, and every grant to them is replaced.
resource "google_project_service" "services" {
  for_each = local.services

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false # others in the project may use it
}

# An API answers 403 SERVICE_DISABLED for up to a minute after it was enabled. Everything takes the project's name from
# here and so waits, without a depends_on that would push data sources of modules into the apply.
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers = {
    project_id = var.project_id
    services   = join(" ", sort([for service in google_project_service.services : service.service]))
  }

  # What concerns both providers is said here, before anything is made: a validation of one variable that looks at the
  # other is silent while the other is wrong.
  lifecycle {
    precondition {
      condition     = length(local.sources) > 0
      error_message = "Give at least one source, in aws_sources or azure_sources: without one there is nothing to load."
    }
    precondition {
      condition     = length(local.tables) == length(distinct(local.tables))
      error_message = "Two sources have one table: give each its own table_name or dataset_id, and none that is another's with _loads, _load_tracking or _charges behind it. They would replace each other's months."
    }
  }
}
