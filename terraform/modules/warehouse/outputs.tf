output "datasets" {
  description = "Ids of the datasets."
  value       = toset(values(local.datasets))
}

output "focus_dataset" {
  description = "Id of the dataset for the views over all sources."
  value       = local.focus_dataset
}

output "tables" {
  description = "Per source, the full names of its table and its tracking table, as project.dataset.table."
  value = {
    for key, table in google_bigquery_table.months : key => {
      months   = "${var.project_id}.${table.dataset_id}.${table.table_id}"
      tracking = "${var.project_id}.${table.dataset_id}.${google_bigquery_table.tracking[key].table_id}"
    }
  }
}
