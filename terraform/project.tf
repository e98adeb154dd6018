# What belongs to the project and not to this system: the APIs, and Google's service agents with their roles. A destroy
# leaves it behind.
module "project" {
  source = "./modules/project"

  functions_kms_key = var.functions_kms_key
  kms_key           = var.kms_key
  project_id        = var.project_id
  setup             = var.project_setup
}

# Rules that concern all providers, checked before anything is created. A variable's own validation cannot hold them: it
# reports nothing while another variable is invalid.
resource "terraform_data" "rules" {
  lifecycle {
    precondition {
      condition     = length(local.environment) <= 1000
      error_message = "The sources need ${length(local.environment)} environment variables, and Cloud Run takes 1,000: move some sources to a second system with another prefix and project_setup = false."
    }
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
