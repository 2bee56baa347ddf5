/**
 * ReDoc shows its maker's logo from its maker's server. Our policy would block that with an error
 * on the console; here it isn't asked for in the first place.
 */

const FOREIGN = "https://cdn.redoc.ly/";
const image = HTMLImageElement.prototype;
const source = Object.getOwnPropertyDescriptor(image, "src");

image.setAttribute = function (name, value) {
  if (!String(value).startsWith(FOREIGN)) Element.prototype.setAttribute.call(this, name, value);
};
Object.defineProperty(image, "src", {
  ...source,
  set(value) {
    if (!String(value).startsWith(FOREIGN)) source.set.call(this, value);
  },
});
