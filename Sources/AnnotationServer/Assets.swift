import Foundation

/// The page's files, which are built in: what is not listed here does not exist.
enum Assets {
  /// Each file of `Page` by its path there; a test compares the list with the folder.
  private static let bytes: [String: [UInt8]] = [
    "adjudication.js": PackageResources.adjudication_js,
    "dom.js": PackageResources.dom_js,
    "drawing.js": PackageResources.drawing_js,
    "geometry3d.js": PackageResources.geometry3d_js,
    "index.html": PackageResources.index_html,
    "journal.js": PackageResources.journal_js,
    "keys.js": PackageResources.keys_js,
    "livewire.js": PackageResources.livewire_js,
    "main.js": PackageResources.main_js,
    "measures.js": PackageResources.measures_js,
    "outlining.css": PackageResources.outlining_css,
    "outlining.js": PackageResources.outlining_js,
    "overlay.js": PackageResources.overlay_js,
    "pane.js": PackageResources.pane_js,
    "panel.js": PackageResources.panel_js,
    "polygon.js": PackageResources.polygon_js,
    "profile.js": PackageResources.profile_js,
    "reformat.js": PackageResources.reformat_js,
    "roiBox.js": PackageResources.roiBox_js,
    "session.js": PackageResources.session_js,
    "slices.js": PackageResources.slices_js,
    "store.js": PackageResources.store_js,
    "style.css": PackageResources.style_css,
    "sync.js": PackageResources.sync_js,
    "toolbar.js": PackageResources.toolbar_js,
    "tools/brushTool.js": PackageResources.brushTool_js,
    "tools/diameterTool.js": PackageResources.diameterTool_js,
    "tools/editTool.js": PackageResources.editTool_js,
    "tools/freehandTool.js": PackageResources.freehandTool_js,
    "tools/index.js": PackageResources.index_js,
    "tools/livewireTool.js": PackageResources.livewireTool_js,
    "tools/polygonTool.js": PackageResources.polygonTool_js,
    "tools/pushTool.js": PackageResources.pushTool_js,
    "tools/tool.js": PackageResources.tool_js,
    "viewer.js": PackageResources.viewer_js,
    "viewport.js": PackageResources.viewport_js,
    "window.js": PackageResources.window_js,
    "worklist.js": PackageResources.worklist_js,
  ]

  private static let types = ["html": "text/html", "js": "text/javascript", "css": "text/css"]

  static let answers = bytes.reduce(into: [String: WebResponse]()) { answers, file in
    let type = file.key.split(separator: ".").last.flatMap { types[String($0)] } ?? "application/octet-stream"
    answers[file.key] = WebResponse(type: "\(type); charset=utf-8", body: Data(file.value))
  }
}
