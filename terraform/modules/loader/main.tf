locals {
  # Only these files are deployed. The folder also holds the billing command and its documentation. Caches are excluded
  # by pattern as well, because Python may write one between the two calls of fileset.
  _source_files  = setunion(fileset(var.source_folder, "*.{py,txt}"), fileset(var.source_folder, "billing/**/*.{py,json}"))
  _source_caches = ["**/__pycache__", "**/__pycache__/**", "**/*.pyc"]
  _source_others = setsubtract(fileset(var.source_folder, "**"), local._source_files)

  _connector  = try(var.network.connector, null)
  _egress     = try(var.network.all_traffic, false) ? "ALL_TRAFFIC" : "PRIVATE_RANGES_ONLY"
  _interfaces = var.network == null || local._connector != null ? [] : [var.network]

  _repository_id = var.repository == null ? google_artifact_registry_repository.images[0].id : var.repository

  accounts = {
    build     = "Builds the functions of ${var.prefix}"
    loader    = "Runs the functions of ${var.prefix}: reads the landing buckets, loads BigQuery"
    scheduler = "Calls the sweep of ${var.prefix}"
    trigger   = "Delivers object events to the functions of ${var.prefix}"
  }
  emails = merge(time_sleep.accounts.triggers, var.service_accounts)
  functions = merge(
    { for provider, function in google_cloudfunctions2_function.load : "load_${provider}" => function.name },
    { sweep = google_cloudfunctions2_function.sweep.name },
  )
  members        = { for name, email in local.emails : name => "serviceAccount:${email}" }
  runtime        = "python313" # deprecated in 2029-10; from python314 on, builds install with uv
  source_exclude = setunion(local._source_caches, local._source_others)
}
