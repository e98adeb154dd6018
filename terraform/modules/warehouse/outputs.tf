output "datasets" {
  description = "Ids of the datasets."
  value       = toset([for dataset in google_bigquery_dataset.datasets : dataset.dataset_id])
}

output "focus_dataset" {
  description = "Id of the dataset for the views over all sources."
  value       = google_bigquery_dataset.focus.dataset_id
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
