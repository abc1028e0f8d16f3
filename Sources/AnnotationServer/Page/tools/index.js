// The tools, in the order of the toolbar: `action` is the key table's name for choosing one.

import { BrushTool, EraserTool } from "./brushTool.js";
import { DiameterTool } from "./diameterTool.js";
import { EditTool } from "./editTool.js";
import { FreehandTool } from "./freehandTool.js";
import { LivewireTool } from "./livewireTool.js";
import { PolygonTool } from "./polygonTool.js";
import { PushTool } from "./pushTool.js";

export const tools = [
  { name: "scroll", title: "Scroll", action: "toolScroll", make: null },
  { name: "polygon", title: "Polygon", action: "toolPolygon", make: (context) => new PolygonTool(context) },
  { name: "freehand", title: "Freehand", action: "toolFreehand", make: (context) => new FreehandTool(context) },
  { name: "livewire", title: "Livewire", action: "toolLivewire", make: (context) => new LivewireTool(context) },
  { name: "brush", title: "Brush", action: "toolBrush", make: (context) => new BrushTool(context) },
  { name: "eraser", title: "Eraser", action: "toolEraser", make: (context) => new EraserTool(context) },
  { name: "push", title: "Push edge", action: "toolPush", make: (context) => new PushTool(context) },
  { name: "edit", title: "Edit vertices", action: "toolEdit", make: (context) => new EditTool(context) },
  { name: "diameter", title: "Diameter", action: "toolDiameter", make: (context) => new DiameterTool(context) },
];
