# Every API that the system calls. The set does not depend on the sources.
resource "google_project_service" "services" {
  for_each = var.setup ? local.services : []

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false # other systems in the project may use the API
}

# A new API answers 403 SERVICE_DISABLED for up to a minute. All other resources take the project id from this one, so
# they wait. A depends_on would wait too, but it would delay the modules' data sources until apply. Only agents and
# accounts do not wait: the APIs that create them are enabled before the first apply. README.md lists all waits.
resource "time_sleep" "services" {
  count = local._setup_count

  create_duration = "60s"
  triggers = {
    project_id = var.project_id
    services   = join(" ", sort([for service in google_project_service.services : service.service]))
  }
}
