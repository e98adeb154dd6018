# Every API that the system calls. The set does not depend on the sources. When the set changes, Terraform reads the
# service agents again during apply and replaces every grant to them.
resource "google_project_service" "services" {
  for_each = local.services

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false # other systems in the project may use the API
}

# A new API answers 403 SERVICE_DISABLED for up to a minute. All other resources take the project id from this one, so
# they wait. A depends_on would wait too, but it would delay the modules' data sources until apply. Only agents and
# accounts do not wait: the APIs that create them are enabled before the first apply. README.md lists all waits.
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers = {
    project_id = var.project_id
    services   = join(" ", sort([for service in google_project_service.services : service.service]))
  }

  # Rules that concern all providers, checked before anything is created. A variable's own validation cannot hold
  # them: it reports nothing while another variable is invalid.
  lifecycle {
    precondition {
      condition     = length(local.sources) > 0
      error_message = "No source is configured: add at least one entry to ${join(" or ", [for provider in keys(local._formats_of) : "${provider}_sources"])}."
    }
    precondition {
      condition     = length(local.tables) == length(distinct(local.tables))
      error_message = "Two sources use the same table name: give each source its own table_name or dataset_id. The names <table>_load_tracking, <table>_loads and, for some formats, <table>_charges belong to the source of <table>."
    }
  }
}
