locals {
  _user = { for key, name in time_sleep.metrics.triggers : key => "metric.type=\"logging.googleapis.com/user/${name}\" resource.type=\"cloud_run_revision\"" }
  _run  = "resource.type=\"cloud_run_revision\" resource.label.service_name=monitoring.regex.full_match(\"${join("|", sort(var.functions))}\")"

  # The charts of each tile. Monitoring drops zeros and empty lists when it stores a dashboard, and Terraform would then
  # always show a difference. Therefore none is written here.
  _tiles = [
    {
      title = "Loads and rejections by source"
      charts = [
        { filter = local._user["loads"], aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.source"], period = "3600s", plot = "STACKED_BAR", legend = "loaded: $${metric.labels.source}" },
        { filter = local._user["rejections"], aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.source"], period = "3600s", plot = "STACKED_BAR", legend = "rejected: $${metric.labels.source}" },
      ]
    },
    {
      title = "Hours since the newest load, by source"
      charts = [
        { filter = local._user["age"], aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.source"], period = "3600s", plot = "LINE", legend = "$${metric.labels.source}" },
      ]
    },
    {
      title = "Events by outcome"
      charts = [
        { filter = local._user["events"], aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.action"], period = "3600s", plot = "STACKED_BAR", legend = "$${metric.labels.action}" },
      ]
    },
    {
      title = "Function errors and duration"
      charts = [
        { filter = local._user["failures"], aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.code"], period = "3600s", plot = "STACKED_BAR", legend = "failed: $${metric.labels.code}" },
        { filter = "metric.type=\"run.googleapis.com/request_latencies\" ${local._run}", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = ["resource.label.service_name"], period = "3600s", plot = "LINE", legend = "ms, 95%: $${resource.labels.service_name}" },
      ]
    },
    {
      title = "Bytes and files transferred"
      charts = concat(
        [
          for jobs in values(local.transfer_jobs) :
          { filter = "metric.type=\"storagetransfer.googleapis.com/transferjob/copied_bytes_count\" ${jobs} metric.label.status=\"succeeded\"", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.label.job_id"], period = "3600s", plot = "STACKED_BAR", legend = "bytes: $${resource.labels.job_id}" }
        ],
        [
          for jobs in values(local.transfer_jobs) :
          { filter = "metric.type=\"storagetransfer.googleapis.com/transferjob/copied_objects_count\" ${jobs} metric.label.status=\"succeeded\"", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.label.job_id"], period = "3600s", plot = "LINE", legend = "files: $${resource.labels.job_id}" }
        ],
      )
    },
    {
      title = "Sweep findings"
      charts = [
        { filter = local._user["findings"], aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.code", "metric.label.source"], period = "3600s", plot = "STACKED_BAR", legend = "$${metric.labels.code}: $${metric.labels.source}" },
        { filter = local._user["sweeps"], aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.label.service_name"], period = "3600s", plot = "LINE", legend = "sweeps" },
      ]
    },
  ]

  _columns = 2
  _height  = 16
  _width   = 24

  dashboard = {
    displayName = "${var.prefix}: cloud billing exports"
    mosaicLayout = {
      columns = local._columns * local._width
      tiles = [
        for index, tile in local._tiles : merge(
          index % local._columns == 0 ? {} : { xPos = index % local._columns * local._width },
          index < local._columns ? {} : { yPos = floor(index / local._columns) * local._height },
          {
            height = local._height
            width  = local._width
            widget = {
              title = tile.title
              xyChart = {
                dataSets = [
                  for chart in tile.charts : {
                    legendTemplate = chart.legend
                    plotType       = chart.plot
                    targetAxis     = chart.legend == tile.charts[0].legend ? "Y1" : "Y2"
                    timeSeriesQuery = {
                      timeSeriesFilter = {
                        filter = chart.filter
                        aggregation = {
                          alignmentPeriod    = chart.period
                          crossSeriesReducer = chart.reducer
                          groupByFields      = chart.by
                          perSeriesAligner   = chart.aligner
                        }
                      }
                    }
                  }
                ]
              }
            }
          },
        )
      ]
    }
  }
}

resource "google_monitoring_dashboard" "billing" {
  project        = var.project_id
  dashboard_json = jsonencode(local.dashboard)
}
